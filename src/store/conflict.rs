//! Acts that do not go with what is stored, one case each, so that nobody has to read the
//! words to know which it was.

use std::path::PathBuf;

use crate::domain::delivery::DeliveryId;
use crate::domain::event::EventId;
use crate::domain::order::OrderId;

/// Reason that an act does not go with what is stored. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A delivery was recorded for another webhook.
    #[error("the delivery {delivery} is {event} of another webhook; nothing was done")]
    DeliveryOfAnother {
        /// The delivery.
        delivery: DeliveryId,
        /// The event that it made there.
        event: EventId,
    },
    /// A test makes no order.
    #[error("{0} is a test, which makes no order; send the alert without the test to make one")]
    TestMakesNoOrder(EventId),
    /// The event made an order already.
    #[error("{event} made {order} already; nothing was done")]
    OrderExists {
        /// The event.
        event: EventId,
        /// Its order.
        order: OrderId,
    },
    /// The same alert, with its id, came another time and made an order then.
    #[error(
        "{event} is the same alert as {other}, by its id, and that made its order; nothing was done. For a second \
         order process the message with another id, or with none"
    )]
    SameAlert {
        /// The event.
        event: EventId,
        /// The one that made the order.
        other: EventId,
    },
    /// The event was processed again before.
    #[error("{0} was processed again before; nothing was done")]
    ProcessedAgain(EventId),
    /// The position is being derived.
    #[error("the position in {0} is being derived again; try again in a moment")]
    PositionUnsettled(String),
    /// The position is the one that TradingView states.
    #[error("the position in {0} is TradingView's already; nothing was done")]
    PositionInSync(String),
    /// No order leads from the position to the one that TradingView states.
    #[error("{0}")]
    NoAdjustment(String),
    /// Only trades of alerts have notes and tags.
    #[error("the trades of alerts have notes and tags; this one is of another book")]
    TradeOfAnotherBook,
    /// Another webhook has the name, in whichever letters.
    #[error("a webhook named \"{name}\" already exists; \"{free}\" is free")]
    NameTaken {
        /// The name.
        name: String,
        /// One like it that no webhook has.
        free: String,
    },
    /// A file has the name already.
    #[error("{} exists already; choose another name, or remove it first", .0.display())]
    FileExists(PathBuf),
    /// A database is in the place already.
    #[error(
        "{} exists already; `algohook backup` it first if you need it, then add --force",
        .0.display()
    )]
    DatabaseExists(PathBuf),
    /// A file is no backup that can be used.
    #[error(
        "{} is no usable algohook backup: {why}; nothing was changed, restore another backup",
        path.display()
    )]
    UnusableBackup {
        /// The file.
        path: PathBuf,
        /// The fault.
        why: String,
    },
    /// The database is too large to be compacted while alerts come.
    #[error(
        "alerts would wait too long for so large a database; nothing was changed. Stop the server, then: \
         algohook compact"
    )]
    TooLargeToCompact,
    /// The second factor is on.
    #[error("the second factor is on already; turn it off first")]
    SecondFactorOn,
    /// There is no second factor to confirm.
    #[error("there is no second factor to confirm; begin with POST /api/v1/second-factor")]
    NoSecondFactor,
    /// A set-up link was used.
    #[error(
        "A password is set already, so this link is used up: log in. Forgotten? On the server, algohook user \
         set-password sets a new one"
    )]
    SetupLinkUsed,
    /// A set-up link is older than another one.
    #[error(
        "A newer link has replaced this one: on the server, algohook setup-link shows a link that works"
    )]
    SetupLinkReplaced,
    /// Only certificates are to be taken, and no issuer of one is pinned.
    #[error(
        "no certificate issuer is pinned yet, so no alert would be taken; first pin one of those that were seen"
    )]
    NoIssuerPinned,
    /// The only pinned issuer is needed.
    #[error(
        "this is the only pinned issuer, and {0} takes alerts with its certificates only: TradingView would \
         be locked out; first choose other senders there, or pin another issuer"
    )]
    LastIssuer(String),
}

impl From<Conflict> for super::StoreError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}
