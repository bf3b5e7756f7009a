//! `parlor`, the terminal client.
fn main() {}
