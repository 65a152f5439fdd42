//! Values as text, in the one way that every room writes them.

/// A count with what is counted: `1 order`, `2 orders`.
pub fn counted(count: &impl ToString, one: &str) -> String {
    match count.to_string().as_str() {
        "1" => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

/// Bytes in hexadecimal digits, two for each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, *byte]);
    digits.map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(&0, "trade"), "0 trades");
        assert_eq!(counted(&1, "trade"), "1 trade");
        assert_eq!(counted(&21, "trade"), "21 trades");
    }

    #[test]
    fn bytes_have_two_digits() {
        assert_eq!(hex(&[0, 1, 0xab, 0xff]), "0001abff");
    }
}
