//! Work that takes the processor for so long that it has a thread of its own.

use super::problem::Problem;

/// Runs slow work where it holds up no other request, and no alert.
///
/// # Errors
///
/// A problem with status 500 where the work panicked, which the log tells.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "slow work was not done");
        Problem::internal()
    })
}
