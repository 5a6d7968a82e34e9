//! JSON text that is broken at a canary.

use super::places::has_canary;

/// What is put into a text to break it.
const BREAKS: [&[u8]; 14] =
    [b"", b"\"", b"\\", b"\\x", b"\\u12", b"\\ud800", b"\n", b"\0", b"\xff", b"\xf0\x9f", b"}", b"]]", b",", b"//"];

/// `text`, which has a canary in it, cut off or broken before, in and behind it.
pub fn texts(text: &str) -> Vec<Vec<u8>> {
    assert!(has_canary(text), "{text}");
    let bytes = text.as_bytes();
    let last = bytes.iter().rposition(|byte| matches!(byte, b'z' | b'q' | b'Z' | b'7')).unwrap_or_default();
    let first = bytes.iter().position(|byte| matches!(byte, b'z' | b'q' | b'Z' | b'7')).unwrap_or_default();
    let mut texts = Vec::new();
    for at in [first.saturating_sub(1), first, first + 3, usize::midpoint(first, last), last, last + 1, last + 2] {
        let (before, behind) = bytes.split_at(at.min(bytes.len()));
        texts.push(before.to_vec());
        for it in BREAKS {
            texts.push([before, it, behind].concat());
        }
        // Without the quote that begins the string: a bare word.
        if before.ends_with(b"\"") {
            texts.push([&before[..before.len() - 1], behind].concat());
        }
    }
    texts
}
