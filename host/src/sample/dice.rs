//! What is made up: numbers that look random and are the same from run to run.

/// SplitMix64.
#[derive(Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one object, whatever was thrown for the others.
    pub(super) fn of(seed: u64, what: &str) -> Self {
        // FNV-1a.
        let hash = what.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut dice = Self(seed);
        Self(dice.next() ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but not, `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Whether what happens in so many of a hundred cases happens.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or_default()]
    }

    /// Hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        self.text(digits, b"0123456789abcdef")
    }

    /// Decimal digits, the first of which is not 0.
    pub(super) fn decimal(&mut self, digits: usize) -> String {
        format!("{}{}", self.one_of(b"123456789") as char, self.text(digits - 1, b"0123456789"))
    }

    /// Letters and digits as Kubernetes puts them behind a name that it makes.
    pub(super) fn suffix(&mut self, length: usize) -> String {
        self.text(length, b"bcdfghjklmnpqrstvwxz2456789")
    }

    /// A UID.
    pub(super) fn uid(&mut self) -> String {
        let variant = self.one_of(&["8", "9", "a", "b"]);
        let [a, b, c, d, e] = [8, 4, 3, 3, 12].map(|digits| self.hex(digits));
        format!("{a}-{b}-4{c}-{variant}{d}-{e}")
    }

    fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| self.one_of(alphabet) as char).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_split_mix_64() {
        let mut dice = Dice(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| dice.next()), expected);
    }

    #[test]
    fn objects_do_not_share_their_dice() {
        let [one, same, other, later] =
            [(1, "a"), (1, "a"), (1, "b"), (2, "a")].map(|(seed, what)| Dice::of(seed, what).uid());
        assert_eq!(one, same);
        assert!(one != other && one != later && other != later, "{one} {other} {later}");
    }
}
