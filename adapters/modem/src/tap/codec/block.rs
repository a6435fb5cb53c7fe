//! Blocks: `STX field CR field CR … terminator checksum CR`, at most 256 octets each.
//!
//! A page is one transaction of one block or more; a block ends where a field ends (ETB) or in the middle of one (US), never between a
//! SUB and what it escapes.

use super::{CR, ETB, ETX, STX, SUB, US};

/// What a block needs beside its content: STX, terminator, checksum, CR.
const FRAME: usize = 6;
/// The shortest block that can be cut to: what a pager id and a few characters need.
const SHORTEST: usize = 40;
/// The longest block of the specification.
pub const LONGEST: usize = 256;

/// How a block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    /// ETX: the page is complete.
    Last,
    /// ETB: more blocks follow; this one ends with a field.
    More,
    /// US: more blocks follow; the field goes on in the next.
    Split,
}

impl Terminator {
    /// Its octet.
    #[must_use]
    pub fn octet(self) -> u8 {
        match self {
            Self::Last => ETX,
            Self::More => ETB,
            Self::Split => US,
        }
    }

    /// Of an octet.
    #[must_use]
    pub fn of(octet: u8) -> Option<Self> {
        match octet {
            ETX => Some(Self::Last),
            ETB => Some(Self::More),
            US => Some(Self::Split),
            _ => None,
        }
    }

    /// Its name in the specification.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "ETX",
            Self::More => "ETB",
            Self::Split => "US",
        }
    }
}

/// A block that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its content: fields, each ended by CR; after `Split` the last one is not ended. Escapes are still escapes.
    pub content: Vec<u8>,
    /// How it ends.
    pub terminator: Terminator,
}

/// Why octets are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It does not begin with STX.
    #[error("a block begins with STX")]
    Start,
    /// No ETX, ETB or US.
    #[error("a block has no end: ETX, ETB or US")]
    End,
    /// The three characters after the terminator are not the sum.
    #[error("the checksum is wrong")]
    Checksum,
    /// Something follows the checksum, or it is not three characters.
    #[error("after the checksum comes CR and nothing more")]
    Rest,
}

impl Block {
    /// Reads a block with its checksum; the CR after it may be missing.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn parse(octets: &[u8]) -> Result<Self, BlockError> {
        let octets: Vec<u8> = octets.iter().map(|octet| octet & 0x7F).collect();
        let (first, rest) = octets.split_first().ok_or(BlockError::Start)?;
        if *first != STX {
            return Err(BlockError::Start);
        }
        let end = rest.iter().position(|octet| Terminator::of(*octet).is_some()).ok_or(BlockError::End)?;
        let (content, tail) = rest.split_at(end);
        let (terminator, tail) = tail.split_first().ok_or(BlockError::End)?;
        let terminator = Terminator::of(*terminator).ok_or(BlockError::End)?;
        let sum = tail.get(..3).ok_or(BlockError::Rest)?;
        if sum != checksum(octets.get(..end + 2).unwrap_or_default()) {
            return Err(BlockError::Checksum);
        }
        match tail.get(3..) {
            None | Some([] | [CR]) => Ok(Self { content: content.to_vec(), terminator }),
            Some(_) => Err(BlockError::Rest),
        }
    }

    /// Its fields; the last of a `Split` block goes on in the next.
    #[must_use]
    pub fn fields(&self) -> Vec<Vec<u8>> {
        let mut fields: Vec<Vec<u8>> = self.content.split(|octet| *octet == CR).map(<[u8]>::to_vec).collect();
        if fields.last().is_some_and(Vec::is_empty) {
            fields.pop();
        }
        fields
    }

    /// The octets that were read.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        encode(&self.content, self.terminator)
    }
}

/// The checksum of a block from STX to its terminator: the sum of all octets, 12 bits of it as three characters `0` to `?`.
#[must_use]
pub fn checksum(octets: &[u8]) -> [u8; 3] {
    let sum = octets.iter().fold(0_u32, |sum, octet| sum.wrapping_add(u32::from(octet & 0x7F)));
    [8, 4, 0].map(|shift| 0x30 + u8::try_from((sum >> shift) & 0xF).unwrap_or(0))
}

/// A block of this content.
#[must_use]
pub fn encode(content: &[u8], terminator: Terminator) -> Vec<u8> {
    let mut block = Vec::with_capacity(content.len() + FRAME);
    block.push(STX);
    block.extend(content.iter().map(|octet| octet & 0x7F));
    block.push(terminator.octet());
    let sum = checksum(&block);
    block.extend_from_slice(&sum);
    block.push(CR);
    block
}

/// A page as blocks of at most `longest` octets each (40 to 256). A field holds no control character but what SUB escapes.
#[must_use]
pub fn blocks(fields: &[Vec<u8>], longest: usize) -> Vec<Vec<u8>> {
    let room = longest.clamp(SHORTEST, LONGEST) - FRAME;
    let mut content = Vec::new();
    for field in fields {
        content.extend_from_slice(field);
        content.push(CR);
    }
    let mut rest = content.as_slice();
    let mut all = Vec::new();
    while rest.len() > room {
        let mut at = room;
        if rest.get(at - 1) == Some(&SUB) {
            at -= 1;
        }
        let (now, later) = rest.split_at(at);
        let end = if now.last() == Some(&CR) { Terminator::More } else { Terminator::Split };
        all.push(encode(now, end));
        rest = later;
    }
    all.push(encode(rest, Terminator::Last));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_specification() {
        assert_eq!(checksum(b"\x02123\rABC\r\x03"), *b"17;");
        let block = blocks(&[b"123".to_vec(), b"ABC".to_vec()], 256);
        assert_eq!(block, [b"\x02123\rABC\r\x0317;\r".to_vec()]);
    }

    #[test]
    fn long_pages_are_cut_at_fields_or_in_them_and_not_at_escapes() {
        let text = [vec![b'x'; 30], vec![SUB, b'J'], vec![b'y'; 20]].concat();
        let all = blocks(&[b"12".to_vec(), text], 40);
        let read: Vec<Block> = all.iter().map(|block| Block::parse(block).expect("a block")).collect();
        assert_eq!(
            read.iter().map(|b| b.terminator).collect::<Vec<_>>(),
            [Terminator::Split, Terminator::Last]
        );
        assert_eq!(read[0].content.len(), 33, "the escape goes whole into the next");
        assert!(all.iter().all(|block| block.len() <= 40));
        let at_field = blocks(&[vec![b'1'; 33], b"A".to_vec()], 40);
        assert_eq!(Block::parse(&at_field[0]).map(|b| b.terminator), Ok(Terminator::More));
    }

    #[test]
    fn what_is_no_block() {
        for (octets, error) in [
            (&b""[..], BlockError::Start),
            (b"123\r\x03", BlockError::Start),
            (b"\x02123\r", BlockError::End),
            (b"\x02123\rABC\r\x0317<\r", BlockError::Checksum),
            (b"\x02123\rABC\r\x0317", BlockError::Rest),
            (b"\x02123\rABC\r\x0317;\rx", BlockError::Rest),
        ] {
            assert_eq!(Block::parse(octets), Err(error), "{octets:?}");
        }
        assert!(Block::parse(b"\x82\xB123\rABC\r\x0317;\r").is_ok(), "parity is stripped");
    }

    proptest! {
        #[test]
        fn blocks_join_to_their_page(id in "[0-9]{1,20}", text in "[ -~]{0,600}", longest in 40_usize..=256) {
            let fields = [id.clone().into_bytes(), text.clone().into_bytes()];
            let all = blocks(&fields, longest);
            let mut content = Vec::new();
            for (n, block) in all.iter().enumerate() {
                prop_assert!(block.len() <= longest);
                let read = Block::parse(block).expect("a block");
                prop_assert_eq!(read.terminator == Terminator::Last, n + 1 == all.len());
                prop_assert_eq!(&read.octets(), block);
                content.extend_from_slice(&read.content);
            }
            prop_assert_eq!(content, format!("{id}\r{text}\r").into_bytes());
        }

        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Block::parse(&octets);
        }
    }
}
