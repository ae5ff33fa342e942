//! The `local` scaling backend with real processes: the built program is the shim and the keeper, small shell scripts
//! are the copies.

mod killed;
mod life;
mod stop;
mod world;
