//! The stand-in Lever keeps to what Lever was recorded to do: seen over real HTTP.
#![cfg(feature = "fake-lever")]

mod connected;
mod deliveries;
mod faults;
mod lists;
mod pages;
mod panels;
mod recordings;
mod tokens;
