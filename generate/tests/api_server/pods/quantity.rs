//! Quantities: `k8s.io/apimachinery/pkg/api/resource/quantity.go`.

/// A quantity in billionths, the smallest part that is kept; what is finer is rounded up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

const NANO: i128 = 1_000_000_000;

/// No quantity is greater.
const MOST: i128 = (i64::MAX as i128) * NANO;

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Quantity(0);

    /// What a string or a number says.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|each: char| !matches!(each, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
        let (number, suffix) = text.split_at_checked(end)?;
        let (is_negative, digits) = match number.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|each| each.is_ascii_digit()) {
            return None;
        }
        let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].into_iter().position(|known| known == suffix);
        let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].into_iter().position(|known| known == suffix);
        let (factor, exponent) = match (binary, decimal) {
            (Some(power), _) => (1_i128 << (10 * (power + 1)), 0),
            (_, Some(power)) => (1, 3 * (i32::try_from(power).ok()? - 3)),
            _ => (1, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
        };
        let mut exponent = exponent + 9 - i32::try_from(fraction.len()).ok()?;
        let mut value = digits.parse::<i128>().ok()?.checked_mul(factor)?;
        while exponent > 0 && value != 0 && value < MOST {
            value = value.saturating_mul(10);
            exponent -= 1;
        }
        while exponent < 0 && value != 0 {
            value = value / 10 + i128::from(value % 10 > 0);
            exponent += 1;
        }
        let value = value.min(MOST);
        Some(Quantity(if is_negative { -value } else { value }))
    }

    /// In thousandths, rounded up: `SetDefaults_ResourceList` of `k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`.
    pub fn milli(self) -> i128 {
        let milli = self.0 / (NANO / 1000);
        milli + i128::from(self.0 > milli * (NANO / 1000))
    }

    /// In ones, rounded up.
    pub fn ones(self) -> i128 {
        let ones = self.0 / NANO;
        ones + i128::from(self.0 > ones * NANO)
    }
}
