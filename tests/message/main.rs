//! Do the actors keep their promises? Real actors, scripted backends, a paused clock, no sockets.
