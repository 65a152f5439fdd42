//! What a token may do.

use super::event::text_enum;

text_enum! {
    /// What a token may do.
    Scope, "scope" {
        /// Everything.
        Write = "write",
        /// Look at everything but keys.
        Read = "read",
        /// Send test alerts, and nothing else.
        Test = "test",
    }
}
