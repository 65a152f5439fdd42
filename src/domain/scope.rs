//! The scope of a token.

use super::event::text_enum;

text_enum! {
    /// The scope of a token.
    Scope, "scope" {
        /// Everything.
        Write = "write",
        /// Look at everything but keys.
        Read = "read",
        /// Send test alerts, and nothing else.
        Test = "test",
    }
}
