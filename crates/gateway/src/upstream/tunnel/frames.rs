//! Where the frames of a WebSocket end (RFC 6455 §5.2), so that one can be put between two of them.
//!
//! Deliberately absent: what is in a frame. A peer that breaks the protocol is the other peer's to refuse.

/// What closes a WebSocket because this end goes away (§7.4.1: 1001), as a server sends it.
pub(super) const GOING_AWAY: &[u8] = &[0x88, 0x02, 0x03, 0xe9];

/// The same as a client sends it: masked (§5.3). Its two bytes are no secret, so the mask need not be one.
pub(super) const GOING_AWAY_MASKED: &[u8] = &[0x88, 0x82, 0x5a, 0x17, 0xc4, 0x29, 0x03 ^ 0x5a, 0xe9 ^ 0x17];

/// How far one direction has come.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Bytes of the head of the current frame that have passed.
    head: u8,
    /// Bytes that it has, as far as that is known.
    head_length: u8,
    /// Bytes up to the end of its length, behind which the mask stands.
    length_end: u8,
    /// The length of the payload, as far as it has been read.
    length: u64,
    /// Bytes of the payload that are to come.
    left: u64,
}

impl Frames {
    /// Whether a frame may begin.
    pub(super) const fn is_between(&self) -> bool {
        self.head == 0 && self.left == 0
    }

    /// These bytes pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(end) = self.pass_one(bytes) {
            bytes = &bytes[end..];
        }
    }

    /// As many bytes pass as belong to the current frame: so many, if they end it; otherwise all of them.
    pub(super) fn pass_one(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.left > 0 {
                let rest = bytes.len() - at;
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest);
                self.left -= taken as u64;
                at += taken;
            } else {
                self.read_head(bytes[at]);
                at += 1;
            }
            if self.is_between() {
                return Some(at);
            }
        }
        None
    }

    fn read_head(&mut self, byte: u8) {
        self.head += 1;
        match self.head {
            1 => (self.head_length, self.length_end, self.length) = (2, 2, 0),
            2 => {
                let mask = if byte & 0x80 == 0 { 0 } else { 4 };
                let (extended, length) = match byte & 0x7f {
                    126 => (2, 0),
                    127 => (8, 0),
                    short => (0, u64::from(short)),
                };
                (self.head_length, self.length_end, self.length) = (2 + extended + mask, 2 + extended, length);
            }
            at if at <= self.length_end => self.length = self.length << 8 | u64::from(byte),
            _ => {}
        }
        if self.head >= 2 && self.head == self.head_length {
            (self.head, self.left) = (0, self.length);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(payload: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match u8::try_from(payload) {
            Ok(short) if short < 126 => frame.push(mask | short),
            _ => match u16::try_from(payload) {
                Ok(length) => {
                    frame.push(mask | 126);
                    frame.extend(length.to_be_bytes());
                }
                Err(_) => {
                    frame.push(mask | 127);
                    frame.extend((payload as u64).to_be_bytes());
                }
            },
        }
        if masked {
            frame.extend([1, 2, 3, 4]);
        }
        frame.resize(frame.len() + payload, 0xff);
        frame
    }

    proptest! {
        /// However the bytes are cut, a frame ends where it ends.
        #[test]
        fn every_end_is_found(
            sizes in prop::collection::vec((prop_oneof![0_usize..130, 65_530_usize..65_540], any::<bool>()), 1..6),
            cut in 1_usize..70_000,
        ) {
            let mut stream = Vec::new();
            let mut ends = Vec::new();
            for (size, masked) in sizes {
                stream.extend(frame(size, masked));
                ends.push(stream.len());
            }
            let mut found = Vec::new();
            let (mut frames, mut at) = (Frames::default(), 0);
            for piece in stream.chunks(cut) {
                let mut rest = piece;
                while let Some(end) = frames.pass_one(rest) {
                    at += end;
                    found.push(at);
                    rest = &rest[end..];
                }
                at += rest.len();
            }
            prop_assert_eq!(found, ends);
            prop_assert!(frames.is_between());
        }

        #[test]
        fn nothing_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            Frames::default().pass(&bytes);
        }
    }

    #[test]
    fn what_closes_is_one_frame() {
        for close in [GOING_AWAY, GOING_AWAY_MASKED] {
            assert_eq!(Frames::default().pass_one(close), Some(close.len()));
        }
        let code = [GOING_AWAY_MASKED[6] ^ GOING_AWAY_MASKED[2], GOING_AWAY_MASKED[7] ^ GOING_AWAY_MASKED[3]];
        assert_eq!(u16::from_be_bytes(code), 1001);
    }
}
