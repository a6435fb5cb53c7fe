//! Inputs made of seeds by random changes: flipped bits, strange octets and numbers, pieces left out, doubled, or taken from another seed.

/// Octets and numbers at which parsers go wrong.
const STRANGE: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x1b",
    b"\x02",
    b"\x03",
    b"\r",
    b"\n",
    b"\r\n.\r\n",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\x10",
    b"99999999999999999999",
    b"-1",
    b"%00",
    b"&#x0;",
    b"<![CDATA[",
    b"<!DOCTYPE a [",
    b"\xd8\x00",
    b"\xc3",
    b"/",
    b"\t",
];

/// A stream of inputs from one number.
#[derive(Debug)]
pub struct Mutator {
    seed: u64,
    state: u64,
}

impl Mutator {
    /// The same number gives the same inputs.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: seed ^ 0x9e37_79b9_7f4a_7c15 }
    }

    /// The number.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The next input, at most `longest` octets.
    pub fn next(&mut self, seeds: &[Vec<u8>], longest: usize) -> Vec<u8> {
        let mut input = self.pick(seeds).cloned().unwrap_or_default();
        for _ in 0..=self.below(6) {
            self.change(&mut input, seeds);
            input.truncate(longest);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let length = self.below(32).min(input.len() - at);
        match self.below(8) {
            0 => {
                let bit = 1_u8 << self.below(8);
                if let Some(octet) = input.get_mut(at) {
                    *octet ^= bit;
                }
            }
            1 => {
                let new = u8::try_from(self.below(256)).unwrap_or_default();
                if let Some(octet) = input.get_mut(at) {
                    *octet = new;
                }
            }
            2 => drop(input.drain(at..at + length)),
            3 => {
                let piece: Vec<u8> = input.iter().skip(at).take(length).copied().collect();
                drop(input.splice(at..at, piece));
            }
            4 => {
                let strange = self.pick(&STRANGE).copied().unwrap_or_default();
                drop(input.splice(at..at, strange.iter().copied()));
            }
            5 => {
                let other = self.pick(seeds).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                drop(input.splice(at..at + length, other.into_iter().skip(from).take(64)));
            }
            6 => {
                let (octet, times) = (u8::try_from(self.below(256)).unwrap_or_default(), self.below(2_000));
                drop(input.splice(at..at, std::iter::repeat_n(octet, times)));
            }
            _ => input.truncate(at),
        }
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(from.len().max(1));
        from.get(at)
    }

    /// Xorshift: good enough for damage, and the same everywhere.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % (limit.max(1) as u64)).unwrap_or_default()
    }
}
