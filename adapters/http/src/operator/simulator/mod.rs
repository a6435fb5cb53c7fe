//! A simulated HTTP operator. (Written below.)
