//! Numbers as people write them after each other: comma, semicolon, newline and space all separate them, and yet `070-123 45 67` is one.
//!
//! A wrong cut sends to somebody else, so a space only cuts where the number before it can be whole and what follows can begin
//! another. What is still in doubt stays one piece, which is then refused as a number rather than sent.

/// From so many digits on a number can be whole however it is written.
const WHOLE: usize = 8;
/// In one piece this many (`00` aside) are a whole mobile number, and nobody goes on with it after a space.
const CLOSED: usize = 10;
/// A piece with fewer digits is the tail of a number, not the beginning of one.
const BEGINS: usize = 5;

/// The numbers of a list.
pub(super) fn split(numbers: &str) -> Vec<String> {
    numbers.split([',', ';', '\n', '\r']).flat_map(split_spaces).collect()
}

fn split_spaces(field: &str) -> Vec<String> {
    let mut numbers: Vec<Number> = Vec::new();
    for piece in field.split_whitespace() {
        match numbers.last_mut() {
            Some(before) if !before.ends_before(piece) => before.go_on(piece),
            _ => numbers.push(Number::new(piece)),
        }
    }
    numbers.into_iter().map(|number| number.text).collect()
}

/// A number under construction.
struct Number {
    text: String,
    digits: usize,
    pieces: usize,
    /// It begins with a zero or a plus sign, so that it is no short number.
    long: bool,
}

impl Number {
    fn new(piece: &str) -> Self {
        let first = piece.chars().find(|c| *c == '+' || c.is_ascii_digit());
        let long = first.is_some_and(|c| c == '+' || c == '0');
        Self { text: piece.to_owned(), digits: digits(piece), pieces: 1, long }
    }

    fn go_on(&mut self, piece: &str) {
        self.text.push(' ');
        self.text.push_str(piece);
        self.digits += digits(piece);
        self.pieces += 1;
    }

    /// Whether a piece is the beginning of another number.
    fn ends_before(&self, piece: &str) -> bool {
        let prefix = if self.text.starts_with("00") { 2 } else { 0 };
        let closed = self.pieces == 1 && self.digits >= CLOSED + prefix;
        let begins = digits(piece) >= BEGINS || piece.starts_with('+');
        closed || (begins && self.is_complete())
    }

    fn is_complete(&self) -> bool {
        let short = self.pieces == 1 && !self.long && (3..WHOLE).contains(&self.digits);
        short || self.digits >= WHOLE
    }
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_numbers() {
        let cases: [(&str, &[&str]); 29] = [
            ("0705123456,0708321321;+4670\n46701 ,, ", &["0705123456", "0708321321", "+4670", "46701"]),
            ("0705123456 0708321321;+46701234567", &["0705123456", "0708321321", "+46701234567"]),
            ("0708321321 0705123456", &["0708321321", "0705123456"]),
            ("070-123 45 67, 0708321321", &["070-123 45 67", "0708321321"]),
            ("+46 (0)70-123 45 67\n71234", &["+46 (0)70-123 45 67", "71234"]),
            ("71234 72345", &["71234", "72345"]),
            ("71234 0705123456", &["71234", "0705123456"]),
            ("71234 72345 0705123456", &["71234", "72345", "0705123456"]),
            ("0705123456 71234", &["0705123456", "71234"]),
            ("0705123456 070-123 45 67", &["0705123456", "070-123 45 67"]),
            ("070-123 45 67 0705123456", &["070-123 45 67", "0705123456"]),
            ("070-123 45 67 070-765 43 21 71234", &["070-123 45 67", "070-765 43 21", "71234"]),
            ("0705123456 070 123 45 67", &["0705123456", "070 123 45 67"]),
            ("0705123456 +46 70 123 45 67", &["0705123456", "+46 70 123 45 67"]),
            ("070 123 45 67 +46 70 765 43 21", &["070 123 45 67", "+46 70 765 43 21"]),
            ("0705123456 112", &["0705123456", "112"]),
            ("08 12345678", &["08 12345678"]),
            ("(08) 12345678", &["(08) 12345678"]),
            ("08-123 456 07", &["08-123 456 07"]),
            ("070 5123456", &["070 5123456"]),
            ("070 - 123 45 67", &["070 - 123 45 67"]),
            ("0046701234 567", &["0046701234 567"]),
            ("46 701234567", &["46 701234567"]),
            ("+91 98765 43210", &["+91 98765 43210"]),
            ("070\u{a0}123\t45  67", &["070 123 45 67"]),
            ("minicall:0740 123456", &["minicall:0740 123456"]),
            ("0705123456 anna", &["0705123456", "anna"]),
            (" , ;", &[]),
            (" ,;\r\n", &[]),
        ];
        for (input, expected) in cases {
            assert_eq!(split(input), expected, "{input}");
        }
    }

    #[test]
    fn what_cannot_be_cut_is_no_number() {
        // Where the second one begins is anybody's guess: together they are too long to be sent to.
        assert_eq!(split("070 123 45 67 070 765 43 21"), ["070 123 45 67 070 765 43 21"]);
    }
}
