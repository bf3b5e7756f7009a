//! What holds for the wire as a whole: its committed examples, its laws, its written specification,
//! and the rules that the source of the workspace keeps.

// What a test cannot unwrap fails it, as it should; clippy knows only the test functions.
#![allow(clippy::unwrap_used)]

mod arbitrary;
mod examples;
mod laws;

mod readme;
mod source;
mod tidy;
mod vectors;
