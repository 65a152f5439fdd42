//! Changes of webhooks, after which remembered ledgers may be those of other settings.

use crate::domain::webhook::WebhookId;
use crate::store::webhooks::{self, StoredWebhook, WebhookChange};
use crate::store::{Result, WriteContext};

/// Changes a webhook and returns it as it is then. Its trades are derived again where the
/// change concerns them.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`], [`crate::store::StoreError::Conflict`] where
/// another webhook has the new name, or [`crate::store::StoreError::Unavailable`].
pub fn change(
    context: &mut WriteContext<'_>,
    id: &WebhookId,
    change: WebhookChange,
) -> Result<StoredWebhook> {
    let changed = webhooks::change(context.connection, id, change)?;
    if changed.is_stale {
        context.memory.forget();
    }
    Ok(changed.webhook)
}
