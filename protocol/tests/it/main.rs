//! What holds for the wire as a whole: its committed examples, its laws, its written specification,
//! and the rules that the source of the workspace keeps.

mod arbitrary;
mod examples;
mod laws;

mod source;
mod tidy;
mod vectors;
