//! The wire between `parlord` and its clients.

pub mod name;
pub mod text;
mod validated;
