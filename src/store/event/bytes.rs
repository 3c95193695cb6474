//! Numbers and texts as bytes: the primitives of the block and event formats.
//!
//! Whole numbers have seven bits a byte, lowest first (LEB128); signed ones are mapped 0, -1, 1, -2 … (zigzag) first, so
//! that numbers of small magnitude are short.

use uuid::Uuid;

/// Appends a whole number.
pub fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed whole number.
pub fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_varint(((number << 1) ^ (number >> 63)) as u64, out);
}

/// Appends a text with its length.
pub fn put_text(text: &str, out: &mut Vec<u8>) {
    put_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Decodes values from the beginning of a byte slice. A method returns none where the bytes are missing or invalid, and
/// never allocates a size that the bytes claim.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Whether every byte was consumed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    pub fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits.leading_zeros() < shift {
                return None; // beyond 64 bits
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub fn signed(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A floating-point number; none where it is not finite.
    pub fn finite(&mut self) -> Option<f64> {
        let number = f64::from_le_bytes(self.array()?);
        number.is_finite().then_some(number)
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.varint()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub fn uuid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn what_is_written_is_read(number: u64, signed: i64, text: String) {
            let mut out = Vec::new();
            put_varint(number, &mut out);
            put_signed(signed, &mut out);
            put_text(&text, &mut out);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.varint(), Some(number));
            prop_assert_eq!(reader.signed(), Some(signed));
            prop_assert_eq!(reader.text(), Some(&*text));
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn small_numbers_are_short_and_too_large_ones_are_none() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (u64::MAX, 10)] {
            let mut out = Vec::new();
            put_varint(number, &mut out);
            assert_eq!(out.len(), bytes, "{number}");
        }
        for (number, bytes) in [(63, 1), (-64, 1), (64, 2), (i64::MIN, 10)] {
            let mut out = Vec::new();
            put_signed(number, &mut out);
            assert_eq!(out.len(), bytes, "{number}");
        }
        let beyond = [[0xff; 9].as_slice(), &[2]].concat();
        assert_eq!(Reader(&beyond).varint(), None);
        assert_eq!(Reader(&[0xff; 12]).varint(), None);
        assert_eq!(Reader(&[0x80]).varint(), None);
    }
}
