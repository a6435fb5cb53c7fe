//! In which order the messages of a batch are accepted: side by side, so that they share commits, but never two to one number at a time, for
//! the second would overtake the first on its way to the operator.

use futures_util::{StreamExt, stream};
use std::collections::HashMap;

/// Pieces of work that are done at once: enough to share commits, few enough to leave room for others.
pub(crate) const AT_ONCE: usize = 32;
/// Digits at the end of a number by which it is known here, however it is written. Two numbers that share them only wait for each other.
const TAIL: usize = 7;

/// Does the work of each item, and gives what came of each in their order. `numbers`: the recipients of an item.
pub(crate) async fn carry_out<I, R, F>(
    items: Vec<I>,
    numbers: fn(&I) -> &[String],
    work: impl Fn(I) -> F,
) -> Vec<R>
where
    F: Future<Output = R>,
{
    let turns = turns(items.iter().map(|item| numbers(item).iter().map(String::as_str)));
    let mut waiting: Vec<_> = turns.into_iter().zip(items).enumerate().collect();
    waiting.sort_by_key(|(place, (turn, _))| (*turn, *place));
    let mut waiting = waiting.into_iter().peekable();
    let mut results = Vec::with_capacity(waiting.len());
    while let Some(now) = waiting.peek().map(|(_, (turn, _))| *turn) {
        let these: Vec<_> = std::iter::from_fn(|| waiting.next_if(|(_, (turn, _))| *turn == now)).collect();
        let done = these.into_iter().map(|(place, (_, item))| {
            let work = work(item);
            async move { (place, work.await) }
        });
        results.extend(stream::iter(done).buffered(AT_ONCE).collect::<Vec<_>>().await);
    }
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The turn of each message: those of one turn have no number in common, and each number's messages have their turns in the batch's order.
/// `to` are the numbers of each message; one that cannot be sent has none.
fn turns<'a, T>(batch: impl IntoIterator<Item = T>) -> Vec<usize>
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
