//! The hints of each format, in its own names: a field of ours in another service's message
//! would make it a message of ours, which can mean something else.

use crate::domain::format::Format;

/// The names that a format's hints use.
pub struct Wording {
    /// The message of an order without a price.
    pub no_price: &'static str,
    /// Advice to add a price.
    pub add_price: &'static str,
    /// Advice to name the instrument.
    pub add_ticker: &'static str,
    /// Advice to say the side.
    pub add_side: &'static str,
    /// End of a message on contradicting sides.
    pub say_whole: &'static str,
    /// Ways to state a size.
    pub units: &'static str,
    /// Our names, and the format's for the same.
    names: &'static [(&'static str, &'static str)],
}

impl Wording {
    /// The names of a format; `None` is our own.
    pub fn of(format: Option<Format>) -> &'static Self {
        match format {
            None | Some(Format::Auto | Format::Algohook) => &OURS,
            Some(Format::TradersPost) => &TRADERSPOST,
            Some(Format::ThreeCommas) => &THREE_COMMAS,
            Some(Format::SignalStack) => &SIGNALSTACK,
            Some(Format::PickMyTrade) => &PICKMYTRADE,
            Some(Format::WunderTrading) => &WUNDERTRADING,
            Some(Format::Alertatron) => &ALERTATRON,
            Some(Format::Text) => &TEXT,
        }
    }

    /// The format's name for a field of ours.
    pub fn name(&self, field: &'static str) -> &'static str {
        let found = self.names.iter().find(|(ours, _)| *ours == field);
        found.map_or(field, |(_, name)| name)
    }
}

const OURS: Wording = Wording {
    no_price: "no price: marketPrice, limitPrice or stopPrice is needed",
    add_price: "Add \"marketPrice\": {{strategy.order.price}} in the alert of a strategy, \"marketPrice\": {{close}} in any other.",
    add_ticker: "Add \"ticker\": \"{{ticker}}\" to the message.",
    add_side: "Say what the order does in one of three ways: \"positionDirection\": \"entryLong\" (or exitLong, entryShort, exitShort); or \"direction\": \"long\" (or short); or \"action\": \"{{strategy.order.action}}\" with \"marketPosition\": \"{{strategy.market_position}}\".",
    say_whole: "Say it in one field: \"positionDirection\": \"entryLong\", \"exitLong\", \"entryShort\" or \"exitShort\"; \"exit\" leaves whichever side there is.",
    units: "Send a number of units, such as \"qty\": {{strategy.order.contracts}}, an amount of money as \"notional\", or a percentage of the equity as \"qty\": \"10%\".",
    names: &[],
};

const TRADERSPOST: Wording = Wording {
    no_price: "no price: price, signalPrice, limitPrice or stopPrice is needed",
    add_price: "Add \"price\": {{close}} to the message.",
    add_ticker: "Add \"ticker\": \"{{ticker}}\" to the message.",
    add_side: "Add \"action\": \"{{strategy.order.action}}\" to the message.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Send a number of units, such as \"quantity\": {{strategy.order.contracts}}, or with \"quantityType\" dollar_amount or percent_of_equity.",
    names: &[
        ("qty", "quantity"),
        ("notional", "quantity"),
        ("quantityPercent", "quantity"),
        ("marketPrice", "price"),
        ("positionDirection", "action"),
        ("direction", "action"),
    ],
};

const THREE_COMMAS: Wording = Wording {
    no_price: "no price: trigger_price is needed",
    add_price: "Add \"trigger_price\": {{close}} to the message.",
    add_ticker: "Add \"tv_instrument\": \"{{ticker}}\" to the message.",
    add_side: "Add \"action\": \"{{strategy.order.action}}\" to the message.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Send a number of units, such as \"order\": {\"amount\": {{strategy.order.contracts}}, \"currency_type\": \"base\"}.",
    names: &[
        ("ticker", "tv_instrument"),
        ("qty", "order.amount"),
        ("notional", "order.amount"),
        ("quantityPercent", "order.amount"),
        ("marketPrice", "trigger_price"),
        ("positionDirection", "action"),
        ("direction", "action"),
    ],
};

const SIGNALSTACK: Wording = Wording {
    no_price: "no price: price, limit_price or stop_price is needed",
    add_price: "Add \"price\": {{close}} to the message.",
    add_ticker: "Add \"symbol\": \"{{ticker}}\" to the message.",
    add_side: "Add \"action\": \"{{strategy.order.action}}\" to the message.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Send a number of units, such as \"quantity\": {{strategy.order.contracts}}, or a percentage of the equity as \"quantity\": \"10%\".",
    names: &[
        ("ticker", "symbol"),
        ("qty", "quantity"),
        ("notional", "quantity"),
        ("quantityPercent", "quantity"),
        ("marketPrice", "price"),
        ("limitPrice", "limit_price"),
        ("stopPrice", "stop_price"),
        ("positionDirection", "action"),
        ("direction", "action"),
    ],
};

const PICKMYTRADE: Wording = Wording {
    no_price: "no price: price is needed",
    add_price: "Add \"price\": {{close}} to the message.",
    add_ticker: "Add \"symbol\": \"{{ticker}}\" to the message.",
    add_side: "Add \"data\": \"{{strategy.order.action}}\" to the message.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Send a number of units, such as \"quantity\": {{strategy.order.contracts}}.",
    names: &[
        ("ticker", "symbol"),
        ("qty", "quantity"),
        ("notional", "quantity"),
        ("quantityPercent", "quantity"),
        ("marketPrice", "price"),
        ("limitPrice", "price"),
        ("stopPrice", "price"),
        ("positionDirection", "data"),
        ("direction", "data"),
        ("action", "data"),
    ],
};

const WUNDERTRADING: Wording = Wording {
    no_price: "no price: price is needed",
    add_price: "Add \"price\": {{close}} to the message.",
    add_ticker: "Add \"symbol\": \"{{ticker}}\" to the message.",
    add_side: "Copy the alert message from the bot's page again.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Send a number of units, such as \"amountPerTrade\": {{strategy.order.contracts}} with \"amountPerTradeType\": \"base\".",
    names: &[
        ("qty", "amountPerTrade"),
        ("notional", "amountPerTrade"),
        ("quantityPercent", "amountPerTrade"),
        ("marketPrice", "price"),
        ("limitPrice", "price"),
        ("stopPrice", "price"),
        ("positionDirection", "code"),
        ("direction", "code"),
        ("action", "code"),
    ],
};

const ALERTATRON: Wording = Wording {
    no_price: "no price: the message states none",
    add_price: "Write price={{close}} behind the rest of the message, outside of any braces.",
    add_ticker: "Send a code that names its pair, or JSON with \"code\" and \"symbol\": \"{{ticker}}\".",
    add_side: "Write side=buy or side=sell.",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Write a number of units, as in amount={{strategy.order.contracts}}, or a percentage, as in amount=10%.",
    names: &[
        ("qty", "amount"),
        ("notional", "amount"),
        ("quantityPercent", "amount"),
        ("marketPrice", "price"),
        ("limitPrice", "offset"),
        ("positionDirection", "side"),
        ("direction", "side"),
        ("action", "side"),
        ("ticker", "symbol"),
    ],
};

const TEXT: Wording = Wording {
    no_price: "no price: the message states none",
    add_price: "Write \"at {{close}}\" behind the symbol, as in \"buy 10 AAPL at {{close}}\".",
    add_ticker: "Name the instrument, as in \"buy 10 AAPL at 180\".",
    add_side: "Begin with the side, as in \"buy 10 AAPL at 180\".",
    say_whole: "Make both say the same, or delete the one that you do not mean.",
    units: "Write a number before the symbol, as in \"buy 10 AAPL at 180\", or 10% or $500.",
    names: &[
        ("qty", "quantity"),
        ("marketPrice", "price"),
        ("limitPrice", "price"),
        ("stopPrice", "price"),
        ("ticker", "symbol"),
    ],
};
