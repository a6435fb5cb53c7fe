//! In which order the messages of a batch are accepted: side by side, so that they share commits, but never two to one number at a time, for
//! the second would overtake the first on its way to the operator.

use std::collections::HashMap;

/// Digits at the end of a number by which it is known here, however it is written. Two numbers that share them only wait for each other.
const TAIL: usize = 7;

/// The turn of each message: those of one turn have no number in common, and each number's messages have their turns in the batch's order.
/// `to` are the numbers of each message; one that cannot be sent has none.
pub(crate) fn turns<'a, T>(batch: impl IntoIterator<Item = T>) -> Vec<usize>
where
    T: IntoIterator<Item = &'a str>,
{
    let mut next: HashMap<String, usize> = HashMap::new();
    let turn = |to: T| {
        let numbers: Vec<String> = to.into_iter().map(key).collect();
        let turn = numbers.iter().filter_map(|number| next.get(number)).max().copied().unwrap_or(0);
        next.extend(numbers.into_iter().map(|number| (number, turn + 1)));
        turn
    };
    batch.into_iter().map(turn).collect()
}

fn key(number: &str) -> String {
    number.chars().rev().filter(char::is_ascii_digit).take(TAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn messages_to_one_number_wait_for_each_other() {
        let cases: [(&[&[&str]], &[usize]); 5] = [
            (&[], &[]),
            (&[&["0701234567"], &["0707654321"], &["070-999 99 99"]], &[0, 0, 0]),
            (&[&["0701234567"], &["+46 70 123 45 67"], &["0707654321"], &["0046701234567"]], &[0, 1, 0, 2]),
            (&[&["1"], &["1", "2"], &["2", "3"], &["3"]], &[0, 1, 2, 3]),
            (&[&["1"], &[], &["1"]], &[0, 0, 1]),
        ];
        for (batch, wanted) in cases {
            assert_eq!(turns(batch.iter().map(|to| to.iter().copied())), wanted, "{batch:?}");
        }
    }
}
