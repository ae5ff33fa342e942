//! autoscalebot, the program.
fn main() {}
