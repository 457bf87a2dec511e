//! Whole numbers of any length, as far as [`super::long_double`] needs them. Knows nothing of what they count.

use std::fmt::Write;

/// The largest power of ten in a limb, and its zeros.
const TEN_POWER: u32 = 1_000_000_000;
const TEN_POWER_ZEROS: usize = 9;

/// Its limbs, the lowest first; the highest is not 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Natural(Vec<u32>);

impl From<u64> for Natural {
    fn from(number: u64) -> Self {
        Self(vec![number as u32, (number >> 32) as u32]).trimmed()
    }
}

impl Natural {
    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Bits up to the highest that is set.
    pub(crate) fn bits(&self) -> usize {
        self.0.last().map_or(0, |last| self.0.len() * 32 - last.leading_zeros() as usize)
    }

    /// The number, if it fits.
    pub(crate) fn low(&self) -> Option<u64> {
        match self.0[..] {
            [] => Some(0),
            [low] => Some(low.into()),
            [low, high] => Some(u64::from(low) | u64::from(high) << 32),
            _ => None,
        }
    }

    /// Multiplies, then adds.
    pub(crate) fn multiply_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for limb in &mut self.0 {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            (*limb, carry) = (product as u32, product >> 32);
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides, and returns what is left.
    pub(crate) fn divide(&mut self, divisor: u32) -> u32 {
        let mut left = 0;
        for limb in self.0.iter_mut().rev() {
            let part = left << 32 | u64::from(*limb);
            (*limb, left) = ((part / u64::from(divisor)) as u32, part % u64::from(divisor));
        }
        *self = std::mem::take(self).trimmed();
        left as u32
    }

    pub(crate) fn shifted_left(&self, bits: usize) -> Self {
        let mut limbs = vec![0; bits / 32];
        let mut carry = 0;
        for limb in &self.0 {
            let wide = u64::from(*limb) << (bits % 32) | carry;
            limbs.push(wide as u32);
            carry = wide >> 32;
        }
        limbs.push(carry as u32);
        Self(limbs).trimmed()
    }

    /// Without its lowest bits, rounded to the nearest, or to the even one of two that are as near.
    /// `sticky` says that there was a little more.
    pub(crate) fn rounded_right(&self, bits: usize, sticky: bool) -> Self {
        if bits == 0 {
            return self.clone();
        }
        let half = self.bit(bits - 1);
        let is_more = sticky || (0..bits - 1).any(|bit| self.bit(bit));
        let mut limbs: Vec<u32> = self.0.iter().skip(bits / 32).copied().collect();
        for place in 0..limbs.len() {
            let high = limbs.get(place + 1).copied().unwrap_or_default();
            limbs[place] = ((u64::from(high) << 32 | u64::from(limbs[place])) >> (bits % 32)) as u32;
        }
        let mut shifted = Self(limbs).trimmed();
        if half && (is_more || shifted.bit(0)) {
            shifted = shifted.plus(&Self::from(1));
        }
        shifted
    }

    pub(crate) fn is_less_than(&self, other: &Self) -> bool {
        let backwards = |number: &Self| number.0.iter().rev().copied().collect::<Vec<_>>();
        (self.0.len(), backwards(self)) < (other.0.len(), backwards(other))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let limb = |number: &Self, place| u64::from(number.0.get(place).copied().unwrap_or_default());
        let mut carry = 0;
        let limbs = (0..=self.0.len().max(other.0.len())).map(|place| {
            let sum = limb(self, place) + limb(other, place) + carry;
            carry = sum >> 32;
            sum as u32
        });
        Self(limbs.collect()).trimmed()
    }

    /// What is left when a number is taken away that is not larger.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        let mut borrowed = false;
        let limbs = self.0.iter().enumerate().map(|(place, limb)| {
            let less = other.0.get(place).copied().unwrap_or_default();
            let (difference, under) = limb.overflowing_sub(less);
            let (difference, under_too) = difference.overflowing_sub(borrowed.into());
            borrowed = under || under_too;
            difference
        });
        Self(limbs.collect()).trimmed()
    }

    /// Its decimal digits.
    pub(crate) fn decimal(&self) -> String {
        let mut number = self.clone();
        let mut groups = Vec::new();
        while !number.is_zero() {
            groups.push(number.divide(TEN_POWER));
        }
        let mut text = groups.pop().unwrap_or_default().to_string();
        for group in groups.iter().rev() {
            // Writing into memory does not fail.
            let _ = write!(text, "{group:0TEN_POWER_ZEROS$}");
        }
        text
    }

    fn bit(&self, bit: usize) -> bool {
        self.0.get(bit / 32).is_some_and(|limb| limb >> (bit % 32) & 1 == 1)
    }

    fn trimmed(mut self) -> Self {
        let used = self.0.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        self.0.truncate(used);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn natural(number: u128) -> Natural {
        Natural::from((number >> 64) as u64).shifted_left(64).plus(&Natural::from(number as u64))
    }

    proptest! {
        #[test]
        fn it_reckons_as_short_numbers_do(a: u128, b: u128, factor: u32, divisor in 1u32.., bits in 0usize..100) {
            let (a, b) = (a >> 33, b >> 33);
            prop_assert_eq!(natural(a).decimal(), a.to_string());
            prop_assert_eq!(natural(a).bits(), 128 - a.leading_zeros() as usize);
            prop_assert_eq!(natural(a).plus(&natural(b)), natural(a + b));
            prop_assert_eq!(natural(a.max(b)).minus(&natural(a.min(b))), natural(a.max(b) - a.min(b)));
            prop_assert_eq!(natural(a).is_less_than(&natural(b)), a < b);
            let mut product = natural(a);
            product.multiply_add(factor, 7);
            prop_assert_eq!(product, natural(a * u128::from(factor) + 7));
            let mut quotient = natural(a);
            let left = quotient.divide(divisor);
            prop_assert_eq!((quotient, left), (natural(a / u128::from(divisor)), (a % u128::from(divisor)) as u32));
            prop_assert_eq!(natural(a).shifted_left(bits).rounded_right(bits, false), natural(a));
            let (kept, lost) = (a >> bits, a & ((1 << bits) - 1));
            let half = 1 << bits >> 1;
            let up = bits > 0 && (lost > half || (lost == half && kept & 1 == 1));
            prop_assert_eq!(natural(a).rounded_right(bits, false), natural(kept + u128::from(up)));
        }
    }
}
