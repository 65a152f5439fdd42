//! The backtest that live trades are held against.

use crate::domain::webhook::WebhookId;
use crate::store::audit::{self, Act, Actor};
use crate::store::expectations::{self, NewExpectation};
use crate::store::{Result, WriteContext};

/// Freezes a backtest in place of the one that was frozen before. The audit log notes it, for
/// it moves the goalposts.
///
/// # Errors
///
/// [`crate::store::StoreError::Unavailable`] where nothing could be written.
pub fn freeze(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    webhook: &WebhookId,
    new: &NewExpectation,
) -> Result<()> {
    expectations::freeze(context.connection, new, true, actor.at)?;
    let subject = format!("{webhook} {}", new.ticker);
    audit::note(
        context.connection,
        actor,
        Act::ExpectationFreeze,
        Some(&subject),
    )
}
