//! The addresses of the API and what answers each.

use std::sync::Arc;

use hyper::Method;

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, json_bytes};
use super::request::ApiRequest;
use super::{
    account, backtests, channels, comparison, events, expectation, exports, fills, forwards,
    imports, openapi, orders, outbox, overview, performance, positions, second_factor, security,
    senders, storage, stream, tags, tokens, trades, webhooks,
};

/// Something with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    Setup,
    Session,
    SeenLogins,
    Me,
    Overview,
    Storage,
    Password,
    Tokens,
    Token,
    Webhooks,
    WebhookNames,
    Webhook,
    RotateKey,
    Test,
    Explain,
    Rejections,
    Events,
    EventSummary,
    Event,
    Reprocess,
    Orders,
    Order,
    Trades,
    Trade,
    Tags,
    Positions,
    AcceptPosition,
    Performance,
    MonteCarlo,
    Expected,
    ExpectedLegs,
    ComparedDays,
    Expectation,
    Imports,
    Backtests,
    FillImports,
    FillImport,
    Comparison,
    EventsExport,
    OrdersExport,
    TradesExport,
    ComparisonExport,
    Stream,
    Sessions,
    OneSession,
    Audit,
    SecondFactor,
    ConfirmSecondFactor,
    EndSecondFactor,
    Senders,
    Issuers,
    Issuer,
    PinIssuer,
    Channels,
    Channel,
    TestChannel,
    ChannelCommands,
    Forwards,
    Forward,
    Outbox,
    SendAllAgain,
    SendAgain,
    OutboxRow,
    Document,
}

/// Every address, its resource and the methods that it has.
const ADDRESSES: [(&str, Resource, &str); 64] = [
    ("/setup", Resource::Setup, "POST"),
    ("/session", Resource::Session, "POST, DELETE"),
    ("/session/seen", Resource::SeenLogins, "POST"),
    ("/me", Resource::Me, "GET"),
    ("/overview", Resource::Overview, "GET"),
    ("/storage", Resource::Storage, "GET"),
    ("/password", Resource::Password, "POST"),
    ("/tokens", Resource::Tokens, "GET, POST"),
    ("/tokens/{id}", Resource::Token, "DELETE"),
    ("/webhooks", Resource::Webhooks, "GET, POST"),
    ("/webhooks/names", Resource::WebhookNames, "GET"),
    ("/webhooks/{id}", Resource::Webhook, "GET, PATCH, DELETE"),
    ("/webhooks/{id}/rotate-key", Resource::RotateKey, "POST"),
    ("/webhooks/{id}/test", Resource::Test, "POST"),
    ("/webhooks/{id}/explain", Resource::Explain, "POST"),
    ("/webhooks/{id}/rejections", Resource::Rejections, "GET"),
    ("/events", Resource::Events, "GET"),
    ("/events/summary", Resource::EventSummary, "GET"),
    ("/events/{id}", Resource::Event, "GET"),
    ("/events/{id}/reprocess", Resource::Reprocess, "POST"),
    ("/orders", Resource::Orders, "GET"),
    ("/orders/{id}", Resource::Order, "GET"),
    ("/trades", Resource::Trades, "GET"),
    ("/trades/{id}", Resource::Trade, "GET, PATCH"),
    ("/tags", Resource::Tags, "GET"),
    ("/positions", Resource::Positions, "GET"),
    ("/positions/accept", Resource::AcceptPosition, "POST"),
    ("/performance", Resource::Performance, "GET"),
    ("/performance/monte-carlo", Resource::MonteCarlo, "GET"),
    ("/comparison", Resource::Expected, "GET"),
    ("/comparison/legs", Resource::ExpectedLegs, "GET"),
    ("/comparison/days", Resource::ComparedDays, "GET"),
    ("/expectation", Resource::Expectation, "GET, POST"),
    ("/imports", Resource::Imports, "POST"),
    ("/backtests", Resource::Backtests, "GET, DELETE"),
    ("/fill-imports", Resource::FillImports, "GET"),
    ("/fill-imports/{id}", Resource::FillImport, "DELETE"),
    ("/backtests/comparison", Resource::Comparison, "GET"),
    ("/export/events.csv", Resource::EventsExport, "GET"),
    ("/export/orders.csv", Resource::OrdersExport, "GET"),
    ("/export/trades.csv", Resource::TradesExport, "GET"),
    ("/export/comparison.csv", Resource::ComparisonExport, "GET"),
    ("/stream", Resource::Stream, "GET"),
    ("/sessions", Resource::Sessions, "GET"),
    ("/sessions/{id}", Resource::OneSession, "DELETE"),
    ("/audit", Resource::Audit, "GET"),
    ("/second-factor", Resource::SecondFactor, "GET, POST"),
    (
        "/second-factor/confirm",
        Resource::ConfirmSecondFactor,
        "POST",
    ),
    ("/second-factor/off", Resource::EndSecondFactor, "POST"),
    ("/senders", Resource::Senders, "GET, PATCH"),
    ("/senders/issuers", Resource::Issuers, "POST"),
    ("/senders/issuers/{id}", Resource::Issuer, "DELETE"),
    ("/senders/issuers/{id}/pin", Resource::PinIssuer, "POST"),
    ("/channels", Resource::Channels, "GET, POST"),
    ("/channels/{id}", Resource::Channel, "GET, PATCH, DELETE"),
    ("/channels/{id}/test", Resource::TestChannel, "POST"),
    (
        "/channels/{id}/commands",
        Resource::ChannelCommands,
        "POST, DELETE",
    ),
    ("/forwards", Resource::Forwards, "GET, POST"),
    ("/forwards/{id}", Resource::Forward, "GET, PATCH, DELETE"),
    ("/outbox", Resource::Outbox, "GET"),
    ("/outbox/send", Resource::SendAllAgain, "POST"),
    ("/outbox/{id}", Resource::OutboxRow, "DELETE"),
    ("/outbox/{id}/send", Resource::SendAgain, "POST"),
    ("/openapi.json", Resource::Document, "GET"),
];

/// The table that an address is looked up in.
///
/// # Panics
///
/// Never for these addresses, as the tests show: it would at every start.
pub fn table() -> matchit::Router<Resource> {
    let mut table = matchit::Router::new();
    for (address, resource, _) in ADDRESSES {
        table
            .insert(address, resource)
            .expect("the addresses are well formed and do not overlap");
    }
    table
}

impl Resource {
    /// The methods that the resource has, as the header `Allow` lists them.
    pub fn methods(self) -> &'static str {
        let mut addresses = ADDRESSES.iter();
        let address = addresses.find(|(_, resource, _)| *resource == self);
        address.map_or("", |(_, _, methods)| methods)
    }

    /// True if no login is needed.
    pub fn is_open(self, method: &Method) -> bool {
        match self {
            Self::Setup | Self::Document => true,
            Self::Session => method == Method::POST,
            _ => false,
        }
    }

    /// True if the answer to GET is compressed. Where it holds keys, or messages in which another
    /// service's secret may stand beside what somebody else sent, its length would tell of them;
    /// and the stream's events would wait for each other.
    pub fn is_compressed(self) -> bool {
        matches!(
            self,
            Self::Overview
                | Self::WebhookNames
                | Self::EventSummary
                | Self::Orders
                | Self::Trades
                | Self::Tags
                | Self::Positions
                | Self::Performance
                | Self::MonteCarlo
                | Self::Expected
                | Self::ExpectedLegs
                | Self::ComparedDays
                | Self::Expectation
                | Self::Backtests
                | Self::FillImports
                | Self::Comparison
                | Self::OrdersExport
                | Self::TradesExport
                | Self::ComparisonExport
                | Self::Document
        )
    }

    /// Answers a request; of the methods only those of [`Resource::methods`] get here.
    pub async fn handle(
        self,
        method: &Method,
        context: &Arc<Context>,
        request: &ApiRequest,
    ) -> Reply {
        match (self, method.as_str()) {
            (Self::Setup, "POST") => account::set_up(context, request).await,
            (Self::Session, "POST") => account::log_in(context, request).await,
            (Self::Session, "DELETE") => account::log_out(context, request).await,
            (Self::SeenLogins, "POST") => account::acknowledge_logins(context, request).await,
            (Self::Me, "GET") => Ok(account::me(context, request)),
            (Self::Overview, "GET") => overview::overview(context, request).await,
            (Self::Storage, "GET") => storage::storage(context).await,
            (Self::Password, "POST") => account::change_password(context, request).await,
            (Self::Tokens, "GET") => tokens::list(context, request).await,
            (Self::Tokens, "POST") => tokens::create(context, request).await,
            (Self::Token, "DELETE") => tokens::revoke(context, request).await,
            (Self::Webhooks, "GET") => webhooks::list(context, request).await,
            (Self::Webhooks, "POST") => webhooks::create(context, request).await,
            (Self::WebhookNames, "GET") => webhooks::list_names(context).await,
            (Self::Webhook, "GET") => webhooks::get(context, request).await,
            (Self::Webhook, "PATCH") => webhooks::change(context, request).await,
            (Self::Webhook, "DELETE") => webhooks::delete(context, request).await,
            (Self::RotateKey, "POST") => webhooks::rotate_key(context, request).await,
            (Self::Test, "POST") => webhooks::test(context, request).await,
            (Self::Explain, "POST") => webhooks::explain(context, request).await,
            (Self::Rejections, "GET") => webhooks::list_rejections(context, request).await,
            (Self::Events, "GET") => events::list(context, request).await,
            (Self::EventSummary, "GET") => events::summarise(context, request).await,
            (Self::Event, "GET") => events::get(context, request).await,
            (Self::Reprocess, "POST") => events::reprocess(context, request).await,
            (Self::Orders, "GET") => orders::list(context, request).await,
            (Self::Order, "GET") => orders::get(context, request).await,
            (Self::Trades, "GET") => trades::list(context, request).await,
            (Self::Trade, "GET") => trades::get(context, request).await,
            (Self::Trade, "PATCH") => trades::annotate(context, request).await,
            (Self::Tags, "GET") => tags::list(context, request).await,
            (Self::Positions, "GET") => positions::list(context, request).await,
            (Self::AcceptPosition, "POST") => positions::accept(context, request).await,
            (Self::Performance, "GET") => performance::report(context, request).await,
            (Self::MonteCarlo, "GET") => performance::simulate(context, request).await,
            (Self::Expected, "GET") => comparison::get(context, request).await,
            (Self::ExpectedLegs, "GET") => comparison::legs(context, request).await,
            (Self::ComparedDays, "GET") => expectation::remembered(context, request).await,
            (Self::Expectation, "GET") => expectation::get(context, request).await,
            (Self::Expectation, "POST") => expectation::freeze(context, request).await,
            (Self::Imports, "POST") => {
                imports::import(context, request, request.body.clone()).await
            }
            (Self::Backtests, "GET") => backtests::list(context, request).await,
            (Self::Backtests, "DELETE") => backtests::remove(context, request).await,
            (Self::FillImports, "GET") => fills::list(context, request).await,
            (Self::FillImport, "DELETE") => fills::undo(context, request).await,
            (Self::Comparison, "GET") => backtests::compare(context, request).await,
            (Self::EventsExport, "GET") => exports::events(context, request),
            (Self::OrdersExport, "GET") => exports::orders(context, request),
            (Self::TradesExport, "GET") => exports::trades(context, request),
            (Self::ComparisonExport, "GET") => exports::comparison(context, request).await,
            (Self::Stream, "GET") => stream::open(context, request).await,
            (Self::Sessions, "GET") => security::sessions(context, request).await,
            (Self::OneSession, "DELETE") => security::end_session(context, request).await,
            (Self::Audit, "GET") => security::audit_log(context, request).await,
            (Self::SecondFactor, "GET") => second_factor::get(context, request).await,
            (Self::SecondFactor, "POST") => second_factor::begin(context, request).await,
            (Self::ConfirmSecondFactor, "POST") => second_factor::confirm(context, request).await,
            (Self::EndSecondFactor, "POST") => second_factor::turn_off(context, request).await,
            (Self::Senders, "GET") => senders::get(context, request).await,
            (Self::Senders, "PATCH") => senders::change(context, request).await,
            (Self::Issuers, "POST") => senders::add(context, request).await,
            (Self::Issuer, "DELETE") => senders::forget(context, request).await,
            (Self::PinIssuer, "POST") => senders::pin(context, request).await,
            (Self::Document, "GET") => Ok(json_bytes(openapi::bytes())),
            _ => self.handle_outward(method, context, request).await,
        }
    }

    /// Answers for what goes outside.
    async fn handle_outward(
        self,
        method: &Method,
        context: &Context,
        request: &ApiRequest,
    ) -> Reply {
        match (self, method.as_str()) {
            (Self::Channels, "GET") => channels::list(context, request).await,
            (Self::Channels, "POST") => channels::create(context, request).await,
            (Self::Channel, "GET") => channels::get(context, request).await,
            (Self::Channel, "PATCH") => channels::change(context, request).await,
            (Self::Channel, "DELETE") => channels::remove(context, request).await,
            (Self::TestChannel, "POST") => channels::test(context, request).await,
            (Self::ChannelCommands, "POST") => channels::begin_commands(context, request).await,
            (Self::ChannelCommands, "DELETE") => channels::end_commands(context, request).await,
            (Self::Forwards, "GET") => forwards::list(context, request).await,
            (Self::Forwards, "POST") => forwards::create(context, request).await,
            (Self::Forward, "GET") => forwards::get(context, request).await,
            (Self::Forward, "PATCH") => forwards::change(context, request).await,
            (Self::Forward, "DELETE") => forwards::remove(context, request).await,
            (Self::Outbox, "GET") => outbox::list(context, request).await,
            (Self::SendAllAgain, "POST") => outbox::send_all(context, request).await,
            (Self::SendAgain, "POST") => outbox::send(context, request).await,
            (Self::OutboxRow, "DELETE") => outbox::drop_row(context, request).await,
            (resource, _) => Err(Problem::method_not_allowed(resource.methods())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_has_every_address_and_method_and_no_other() {
        let document = openapi::document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            documented.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let mut answered = BTreeSet::new();
        for (path, _, methods) in ADDRESSES {
            answered.extend(methods.split(", ").map(|method| format!("{method} {path}")));
        }
        assert_eq!(documented, answered);
    }

    #[test]
    fn only_set_up_login_and_the_document_need_no_login() {
        let mut open = Vec::new();
        for (path, resource, methods) in ADDRESSES {
            for method in methods.split(", ") {
                if resource.is_open(&method.parse().unwrap()) {
                    open.push(format!("{method} {path}"));
                }
            }
        }
        assert_eq!(open, ["POST /setup", "POST /session", "GET /openapi.json"]);
    }

    #[test]
    fn no_answer_that_may_hold_a_secret_is_compressed() {
        let secret = [
            "keys", "tokens", "webhook", "event", "channel", "forward", "outbox", "session",
            "second", "stream",
        ];
        for (path, resource, _) in ADDRESSES {
            if secret
                .iter()
                .any(|word| path.starts_with(&format!("/{word}")))
            {
                let has_none = matches!(resource, Resource::WebhookNames | Resource::EventSummary);
                assert_eq!(resource.is_compressed(), has_none, "{path}");
            }
        }
    }

    #[test]
    fn every_address_is_found() {
        let table = table();
        for (path, resource, _) in ADDRESSES {
            let path = path.replace("{id}", "1");
            assert_eq!(*table.at(&path).unwrap().value, resource);
        }
    }
}
