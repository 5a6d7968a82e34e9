//! Resource quantities: `500m` and `0.5` are one.
//!
//! The grammar is that of `ParseQuantity` in `k8s.io/apimachinery/pkg/api/resource/quantity.go`:
//!
//! ```text
//! quantity = signedNumber suffix
//! suffix   = Ki | Mi | Gi | Ti | Pi | Ei  |  n | u | m | "" | k | M | G | T | P | E  |  e signedNumber
//! ```

use std::borrow::Cow;

use crate::json::Str;

/// The suffixes: the power of two, and the power of ten, that each stands for (`suffix.go`, same folder).
const SUFFIXES: [(&str, u32, i32); 15] = [
    ("Ki", 10, 0),
    ("Mi", 20, 0),
    ("Gi", 30, 0),
    ("Ti", 40, 0),
    ("Pi", 50, 0),
    ("Ei", 60, 0),
    ("n", 0, -9),
    ("u", 0, -6),
    ("m", 0, -3),
    ("k", 0, 3),
    ("M", 0, 6),
    ("G", 0, 9),
    ("T", 0, 12),
    ("P", 0, 15),
    ("E", 0, 18),
];

/// A quantity, as `digits * 10^exponent` without trailing zeros: one value, one representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    digits: i128,
    exponent: i32,
}

impl Quantity {
    /// None of it.
    pub const ZERO: Self = Quantity { digits: 0, exponent: 0 };

    /// Whether it is less than none.
    pub const fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// The digits, without trailing zeros, and the power of ten that they count.
    pub const fn parts(self) -> (i128, i32) {
        (self.digits, self.exponent)
    }

    /// In thousandths, rounded up, as `SetDefaults_ResourceList` of the server rounds what a container asks for. More
    /// than any container can have is as much as the number holds.
    pub fn milli(self) -> i128 {
        let mut milli = self.digits;
        for _ in -3..self.exponent {
            milli = milli.saturating_mul(10);
        }
        for _ in self.exponent..-3 {
            milli = milli / 10 + i128::from(milli % 10 > 0);
        }
        milli
    }

    /// The quantity that a JSON string or number spells; `None` for what is not a quantity, or has more digits than any
    /// resource has.
    pub fn parse(text: &str) -> Option<Self> {
        let says = if text.starts_with('"') { Str::from_token(text).decode() } else { Cow::Borrowed(text) };
        let split = says.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(says.len());
        let (number, suffix) = says.split_at_checked(split)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let (binary, mut exponent) = match SUFFIXES.iter().find(|(name, _, _)| *name == suffix) {
            Some((_, binary, exponent)) => (*binary, *exponent),
            None if suffix.is_empty() => (0, 0),
            None => (
                0,
                suffix
                    .strip_prefix(['e', 'E'])?
                    .parse()
                    .ok()
                    .filter(|exponent: &i32| exponent.unsigned_abs() < 1000)?,
            ),
        };
        let mut digits = [whole, fraction].concat().parse::<i128>().ok()?.checked_mul(1_i128 << binary)?;
        exponent -= i32::try_from(fraction.len()).ok()?;
        if digits == 0 {
            return Some(Self::ZERO);
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        Some(Quantity { digits, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_many_spellings() {
        for (one, other) in [
            ("500m", "0.5"),
            ("5e-1", "0.5"),
            ("1Gi", "1024Mi"),
            ("1.2Gi", "1288490188800m"),
            ("1k", "1000"),
            ("0", "0Mi"),
            ("1E3", "1000"),
            ("1E", "1e18"),
            ("+1", "1"),
            (".5", "500m"),
            ("1.", "1"),
            ("-1", "-1000m"),
            ("100u", "0.1m"),
            ("1000n", "1u"),
            ("\"1\"", "1"),
            ("\"5\\u00300m\"", "0.5"),
        ] {
            assert!(Quantity::parse(one).is_some(), "{one}");
            assert_eq!(Quantity::parse(one), Quantity::parse(other), "{one} = {other}");
        }
        for no_quantity in [
            "",
            "Gi",
            "1Gi2",
            "1 Gi",
            "1e",
            "1e1000",
            "1e-1000",
            "1e9999999999",
            "1e-2147483648",
            "--1",
            "1.2.3",
            ".+5",
            "1.-5",
            "æ",
        ] {
            assert_eq!(Quantity::parse(no_quantity), None, "{no_quantity}");
        }
        assert_ne!(Quantity::parse("1Gi"), Quantity::parse("1G"));
        for (quantity, is_negative) in [("-1Gi", true), ("-.5", true), ("-0", false), ("0", false), ("1", false)] {
            assert_eq!(Quantity::parse(quantity).map(Quantity::is_negative), Some(is_negative), "{quantity}");
        }
    }

    #[test]
    fn thousandths_are_rounded_up() {
        for (quantity, milli) in [
            ("0", 0),
            ("1", 1000),
            ("500m", 500),
            ("1Ki", 1_024_000),
            ("1u", 1),
            ("1000u", 1),
            ("1001u", 2),
            ("-1u", 0),
            ("-1500u", -1),
            ("1e-900", 1),
            ("1e900", i128::MAX),
        ] {
            assert_eq!(Quantity::parse(quantity).map(Quantity::milli), Some(milli), "{quantity}");
        }
    }
}
