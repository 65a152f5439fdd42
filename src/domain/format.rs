//! The format of a message: algohook's own, or that of the service that it was written for.

use super::event::text_enum;

text_enum! {
    /// The format that the messages of a webhook are read in.
    Format, "format" {
        /// The one that the content of each message shows.
        Auto = "auto",
        /// algohook's own.
        Algohook = "algohook",
        /// That of TradersPost.
        TradersPost = "traderspost",
        /// That of the signal bots of 3Commas.
        ThreeCommas = "3commas",
        /// That of SignalStack.
        SignalStack = "signalstack",
        /// That of PickMyTrade.
        PickMyTrade = "pickmytrade",
        /// That of the signal bots of WunderTrading.
        WunderTrading = "wundertrading",
        /// The commands of Alertatron.
        Alertatron = "alertatron",
        /// Plain text: `buy 10 AAPL at 180`.
        Text = "text",
    }
}

impl Format {
    /// The service's own spelling of its name, or words that read on from "as".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "its content shows",
            Self::Algohook => "algohook",
            Self::TradersPost => "TradersPost",
            Self::ThreeCommas => "3Commas",
            Self::SignalStack => "SignalStack",
            Self::PickMyTrade => "PickMyTrade",
            Self::WunderTrading => "WunderTrading",
            Self::Alertatron => "Alertatron",
            Self::Text => "plain text",
        }
    }
}

text_enum! {
    /// The meaning of "sell" without a long position, where the format does not document it.
    SellWhileFlat, "meaning of a sale" {
        /// It only closes a long position.
        Nothing = "nothing",
        /// It opens a short position.
        Short = "short",
    }
}

/// The rules that a message is read by: the same bytes by the same rules are the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingRules {
    /// The format; [`Format::Auto`] finds it in the content.
    pub format: Format,
    /// The meaning of a sale where the format leaves it open.
    pub sell_while_flat: SellWhileFlat,
}

impl ReadingRules {
    /// Those of algohook's own messages, by which every event without others was read.
    pub const OWN: Self = Self {
        format: Format::Algohook,
        sell_while_flat: SellWhileFlat::Nothing,
    };

    /// Those of a webhook without settings.
    pub const AUTO: Self = Self {
        format: Format::Auto,
        sell_while_flat: SellWhileFlat::Nothing,
    };

    /// The same rules for one format.
    #[must_use]
    pub fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }
}
