//! The parts of the OpenAPI document that no type of ours states by itself: which texts an id
//! or a time can be, how long a name is, and that every refusal is a problem document.
//!
//! They stand in tables by name, so that a parameter has the same bounds wherever it occurs.

use serde_json::{Map, Value, json};

/// A text without control characters and with something to read in it.
const READABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\s\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// A decimal of zero or more, as text.
const AMOUNT: &str = "^[0-9]{1,9}(\\.[0-9]{1,8})?$";

/// A decimal above zero, as text.
const FACTOR: &str = "^[1-9][0-9]{0,5}(\\.[0-9]{1,8})?$|^0\\.[0-9]{0,7}[1-9]$";

/// Constraints of each query parameter beside its type, by its name.
fn parameter(name: &str, path: &str) -> Option<Value> {
    Some(match name {
        "limit" => json!({ "minimum": 1, "maximum": 500 }),
        "from" | "to" => json!({ "anyOf": [{ "format": "date" }, { "format": "date-time" }] }),
        "webhook" => json!({ "pattern": "^wh_[A-Za-z0-9]{22}$" }),
        "order" => json!({ "pattern": "^ord_[1-9][0-9]{0,17}$" }),
        "after" => json!({ "pattern": "^evt_[1-9][0-9]{0,17}$" }),
        "cursor" => return cursor(path),
        "book" => json!({ "pattern": "^(alerts|backtest|fills)$" }),
        "weekday" => json!({ "format": null, "minimum": 1, "maximum": 7 }),
        "hour" => json!({ "format": null, "minimum": 0, "maximum": 23 }),
        "profitFrom" | "profitTo" => json!({ "pattern": "^-?[0-9]{1,18}(\\.[0-9]{1,8})?$" }),
        "backward" | "forward" => json!({ "minimum": 0, "maximum": 86_400 }),
        "shift" | "summer" => json!({ "minimum": -86_400, "maximum": 86_400 }),
        "price" => json!({ "exclusiveMinimum": 0, "maximum": 100 }),
        "resamples" => json!({ "minimum": 1, "maximum": 100_000 }),
        "ruin" => json!({ "pattern": AMOUNT }),
        // `format` has signed integers only.
        "tolerance" | "secondsFrom" | "secondsTo" => {
            json!({ "format": null, "maximum": u32::MAX })
        }
        "seed" => json!({ "format": null, "maximum": u64::MAX }),
        "ticker" if !is_list(path) => ticker(),
        "tag" => tag(),
        "state" if path == "/outbox" => {
            json!({ "pattern": "^(waiting|sending|done|unknown|dead)$" })
        }
        "column" => {
            json!({ "pattern": "^(trade|type|date|signal|price|quantity|value|profit|commission|favorable|adverse|cumulative|cumulativePercent|bars)=.+$" })
        }
        _ => return None,
    })
}

/// A ticker that has to be one; a list takes any text, and finds nothing.
fn ticker() -> Value {
    // As `Ticker` reads it: no control characters, and none that cannot be seen.
    const INVISIBLE: &str = "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\u{e0000}-\u{e007f}";
    let pattern = format!("^[^{INVISIBLE}]*[^\\s{INVISIBLE}][^{INVISIBLE}]*$");
    json!({ "minLength": 1, "maxLength": 256, "pattern": pattern })
}

fn is_list(path: &str) -> bool {
    (path.starts_with("/export/") && path != "/export/comparison.csv")
        || matches!(
            path,
            "/events" | "/events/summary" | "/orders" | "/tags" | "/trades"
        )
}

/// True if an operation has this parameter: an export has all rows, though it is asked for in
/// the same way as a list.
fn has_parameter(path: &str, name: &str) -> bool {
    let is_page = matches!(name, "limit" | "cursor");
    !(is_page && (path.starts_with("/export/") || path == "/events/summary")
        || path == "/comparison" && (is_page || name == "only"))
}

fn cursor(path: &str) -> Option<Value> {
    let pattern = if path.contains("events") {
        "^evt_[1-9][0-9]{0,17}\\.[0-9]{1,18}\\.[0-9]{1,18}$"
    } else if path.contains("orders") {
        "^ord_[1-9][0-9]{0,17}$"
    } else if path.contains("outbox") {
        "^out_[1-9][0-9]{0,17}$"
    } else if path.contains("comparison") {
        "^[1-9][0-9]{0,8}$"
    } else if path.contains("trades") {
        "^(trd|fls)_[1-9][0-9]{0,17}_[1-9][0-9]{0,17}@[1-9][0-9]{0,15}$|^btr_[1-9][0-9]{0,17}@[1-9][0-9]{0,15}$"
    } else {
        return None;
    };
    Some(json!({ "pattern": pattern }))
}

/// Constraints of each property beside its type: schema, property, and the addition.
fn properties() -> Vec<(&'static str, &'static str, Value)> {
    let name = json!({ "minLength": 1, "maxLength": 100, "pattern": READABLE });
    let password = json!({ "minLength": 10 });
    let policy = json!({ "enum": ["any", "address", "certificate", null] });
    let address = json!({ "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] });
    let amount = json!({ "pattern": AMOUNT });
    let factor = json!({ "pattern": FACTOR });
    vec![
        ("NewWebhook", "name", name.clone()),
        ("WebhookPatch", "name", name.clone()),
        ("TokenName", "name", name),
        (
            "TokenName",
            "scope",
            json!({ "enum": ["write", "read", "test", null] }),
        ),
        ("Setup", "password", password.clone()),
        ("PasswordChange", "new", password),
        ("SenderChange", "policy", policy.clone()),
        (
            "SenderChange",
            "addresses",
            json!({ "maxItems": 256, "items": address }),
        ),
        (
            "Acceptance",
            "webhook",
            json!({ "pattern": "^wh_[A-Za-z0-9]{22}$" }),
        ),
        ("Acceptance", "ticker", ticker()),
        ("TradePatch", "notes", json!({ "maxLength": 10_000 })),
        (
            "TradePatch",
            "tags",
            json!({ "maxItems": 20, "items": tag() }),
        ),
        (
            "Silence",
            "seconds",
            json!({ "format": null, "minimum": 1, "maximum": u32::MAX }),
        ),
        (
            "Commission",
            "value",
            json!({ "pattern": "^[0-9]{1,2}(\\.[0-9]{1,8})?$" }),
        ),
        (
            "Slippage",
            "value",
            json!({ "pattern": "^[0-9]{1,2}(\\.[0-9]{1,8})?$" }),
        ),
        ("Slippage", "tickSize", factor.clone()),
        ("Settings", "initialCapital", amount),
        ("Settings", "pointValue", factor),
        (
            "Settings",
            "currency",
            json!({ "pattern": "^[A-Za-z0-9]{1,10}$" }),
        ),
        ("Settings", "senders", policy),
        ("Settings", "duplicateWindow", json!({ "maximum": 3600 })),
        (
            "Settings",
            "riskFreeRate",
            json!({ "minimum": 0, "maximum": 100 }),
        ),
        ("Settings", "tradingDays", json!({ "enum": [252, 365] })),
    ]
}

fn tag() -> Value {
    json!({
        "minLength": 1,
        "maxLength": 40,
        "pattern": "^[^,\\u0000-\\u001f\\u007f-\\u009f]*[^,\\s\\u0000-\\u001f\\u007f-\\u009f][^,\\u0000-\\u001f\\u007f-\\u009f]*$",
    })
}

/// Adds all of it to a document.
pub fn apply(document: &mut Value) {
    for (schema, property, added) in properties() {
        let found = document.pointer_mut(&format!(
            "/components/schemas/{schema}/properties/{property}"
        ));
        if let Some(Value::Object(found)) = found {
            merge(found, added);
        }
    }
    // Another schema is made of it and of more.
    if let Some(Value::Object(senders)) = document.pointer_mut("/components/schemas/Senders") {
        senders.remove("additionalProperties");
    }
    let Some(Value::Object(paths)) = document.get_mut("paths") else {
        return;
    };
    for (path, item) in paths {
        let operations = item.as_object_mut().into_iter().flatten();
        for (_, operation) in operations {
            constrain(path, operation);
        }
    }
}

/// One operation: its parameters, its body, and how it refuses.
fn constrain(path: &str, operation: &mut Value) {
    let parameters = operation.get_mut("parameters");
    let mut parameters = parameters.and_then(Value::as_array_mut);
    if let Some(parameters) = &mut parameters {
        parameters
            .retain(|stated| has_parameter(path, stated["name"].as_str().unwrap_or_default()));
    }
    for stated in parameters.into_iter().flatten() {
        let name = stated["name"].as_str().unwrap_or_default().to_owned();
        let Some(added) = parameter(&name, path) else {
            continue;
        };
        // A parameter that can be repeated has its bounds for each.
        let schema = &mut stated["schema"];
        let one = if schema["type"] == "array" {
            &mut schema["items"]
        } else {
            schema
        };
        if let Value::Object(one) = one {
            merge(one, added);
        }
    }
    optional_body(operation);
    refusals(operation);
}

/// A body that may be left out is left out, rather than being `null`.
fn optional_body(operation: &mut Value) {
    let Some(Value::Object(body)) = operation.get_mut("requestBody") else {
        return;
    };
    let schema = body
        .get_mut("content")
        .and_then(|content| content.pointer_mut("/application~1json/schema"));
    let Some(schema) = schema else {
        return;
    };
    let one = schema["oneOf"]
        .as_array()
        .and_then(|either| either.iter().find(|one| one["type"] != "null"))
        .cloned();
    if let Some(one) = one {
        *schema = one;
        body.insert("required".to_owned(), json!(false));
    }
}

/// Every refusal is a problem document under its own media type; those that any operation
/// can give stand under `default`.
fn refusals(operation: &mut Value) {
    let Some(Value::Object(responses)) = operation.get_mut("responses") else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        if !status.starts_with(['4', '5']) {
            continue;
        }
        if let Some(Value::Object(content)) = response.get_mut("content")
            && let Some(schema) = content.remove("application/json")
        {
            content.insert("application/problem+json".to_owned(), schema);
        }
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "Refused, with the reason: a request that cannot be read (400), no login (401), \
                out of scope (403), nothing there (404), too large (413), too many (429), or the store does \
                not answer (503)",
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        }),
    );
}

/// Adds what is stated to a schema; null takes a key away.
fn merge(into: &mut Map<String, Value>, added: Value) {
    if let Value::Object(added) = added {
        into.extend(added);
        into.retain(|_, value| !value.is_null());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::openapi::document;

    #[test]
    fn every_constraint_is_of_something_that_is_there() {
        let document = document();
        for (schema, property, added) in properties() {
            let place = format!("/components/schemas/{schema}/properties/{property}");
            let found = document
                .pointer(&place)
                .unwrap_or_else(|| panic!("{place}"));
            let added = added.as_object().unwrap().iter();
            for (key, value) in added {
                assert_eq!(&found[key], value, "{place}");
            }
        }
    }

    #[test]
    fn every_operation_says_how_it_refuses() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths
            .values()
            .flat_map(|item| item.as_object().unwrap().values());
        for operation in operations {
            let responses = operation["responses"].as_object().unwrap();
            let refused = responses
                .iter()
                .filter(|(status, _)| !status.starts_with('2'));
            for (status, response) in refused {
                let content = &response["content"];
                assert!(
                    content["application/json"].is_null(),
                    "{status} {operation}"
                );
                assert!(content["application/problem+json"].is_object(), "{status}");
            }
            assert!(responses["default"] != Value::Null);
        }
    }
}
