//! Prints the OpenAPI document, which the types of the web page are made from.

fn main() -> serde_json::Result<()> {
    let document = serde_json::to_string_pretty(&algohook::api::openapi::document())?;
    println!("{document}");
    Ok(())
}
