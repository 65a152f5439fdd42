//! Server-sent events: bytes as they come, to the data of whole messages.

/// Bytes of one message at most.
const LARGEST: usize = 1024 * 1024;

/// Messages that are on their way.
#[derive(Debug, Default)]
pub struct Messages {
    line: Vec<u8>,
    data: String,
}

impl Messages {
    /// Takes more bytes; returns the messages that they complete.
    ///
    /// # Errors
    ///
    /// Why they are no stream of events.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut whole = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() + self.data.len() > LARGEST {
                    return Err("a message is larger than any should be".to_owned());
                }
                continue;
            }
            let line = String::from_utf8(std::mem::take(&mut self.line))
                .map_err(|error| error.to_string())?;
            let line = line.trim_end_matches('\r');
            if line.is_empty() {
                let data = std::mem::take(&mut self.data);
                whole.extend((!data.is_empty()).then_some(data));
            } else if let Some(data) = line.strip_prefix("data:") {
                self.data += data.trim_start();
            }
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_and_names_are_passed_over() {
        let mut messages = Messages::default();
        let stream = b": hello\n\nid: evt_1\nevent: event\ndata: {\"a\":1}\n\n: still here\n\ndata: {}\r\n\r\n";
        assert_eq!(messages.push(stream).unwrap(), ["{\"a\":1}", "{}"]);
        let endless = vec![b'x'; LARGEST + 1];
        assert!(messages.push(&endless).is_err());
    }

    proptest! {
        #[test]
        fn wherever_the_bytes_are_cut_the_messages_are_the_same(cuts in prop::collection::vec(1_usize..20, 0..30)) {
            let stream = "id: evt_1\ndata: {\"a\":\"ü\"}\n\n: x\n\nid: evt_2\ndata: {\"b\":2}\n\n".as_bytes();
            let (mut messages, mut found, mut rest) = (Messages::default(), Vec::new(), stream);
            for cut in cuts {
                let (part, left) = rest.split_at(cut.min(rest.len()));
                found.extend(messages.push(part).unwrap());
                rest = left;
            }
            found.extend(messages.push(rest).unwrap());
            prop_assert_eq!(found, ["{\"a\":\"ü\"}", "{\"b\":2}"]);
        }
    }
}
