//! What a choice between endpoints goes by.

use engine::Time;

use super::Outstanding;
use crate::{Ended, Endpoint, EndpointId};

/// What a balancer knows of the load of each endpoint, place by place: less is better.
pub trait Score {
    /// What is compared.
    type Load: Copy + PartialOrd;

    /// Takes in a new list.
    fn update(&mut self, endpoints: &[Endpoint], now: Time);

    /// How many places there are.
    fn places(&self) -> usize;

    /// The place that a number leads to, modulo how many there are: at least one.
    #[inline]
    fn remainder(&self, number: u64) -> usize {
        (number % self.places() as u64) as usize
    }

    /// The score of the endpoint in a place. Looking may change what is kept.
    fn of(&mut self, place: usize, now: Time) -> Self::Load;

    /// A pick begins.
    fn begin(&mut self, place: usize);

    /// A pick ends.
    fn end(&mut self, ended: &Ended);

    /// The last pick of an endpoint is withdrawn: of interest to a score that counts them.
    fn withdraw(&mut self, _endpoint: EndpointId) {}
}

/// The number of picks that have not ended.
impl Score for Outstanding {
    type Load = u32;

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        Self::update(self, endpoints, now);
    }

    #[inline]
    fn places(&self) -> usize {
        self.len()
    }

    #[inline]
    fn remainder(&self, number: u64) -> usize {
        Self::remainder(self, number)
    }

    #[inline]
    fn of(&mut self, place: usize, _: Time) -> u32 {
        self.counts()[place]
    }

    #[inline]
    fn begin(&mut self, place: usize) {
        Self::begin(self, place);
    }

    #[inline]
    fn end(&mut self, ended: &Ended) {
        Self::end(self, ended);
    }

    fn withdraw(&mut self, endpoint: EndpointId) {
        Self::withdraw(self, endpoint);
    }
}
