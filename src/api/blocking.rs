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
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| not_done(&error.to_string()))
}

/// The answer where work was not done for a reason that is the server's.
pub fn not_done(why: &str) -> Problem {
    tracing::error!(why, "slow work was not done");
    Problem::internal()
}
