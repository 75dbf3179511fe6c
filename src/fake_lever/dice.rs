//! Repeatable numbers for generated data: SplitMix64, because a library generator may change its
//! sequence between versions and the same seed must keep giving the same people.
//! What must not repeat between two starts (tokens, ids made at run time) does not come from here.

use uuid::Uuid;

pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next() % bound as u64) as usize }
    }

    /// A number in `low..high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low).max(1) as u64) as i64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) / ((1u64 << 53) as f64) < probability
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

/// An id for something made at run time.
pub fn fresh_id() -> String {
    Uuid::new_v4().to_string()
}

/// 48 hexadecimal characters, the form of Lever's signature and delivery tokens.
pub fn fresh_token() -> String {
    hex::encode(rand::random::<[u8; 24]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_does_not() {
        assert_eq!(Dice::new(1).uuid(), Dice::new(1).uuid());
        assert_ne!(Dice::new(1).uuid(), Dice::new(2).uuid());
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| dice.below(7) < 7 && (5..9).contains(&dice.between(5, 9))));
        assert_eq!(dice.below(0), 0);
    }
}
