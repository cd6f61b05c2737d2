// SPDX-License-Identifier: Apache-2.0

//! Drives a running coffer with the unmodified Rust SDK. Resource verification stays on, and
//! credentials take from the environment what they take from it in production. This SDK does nothing
//! locally: every operation is the server's.

#[cfg(test)]
mod azure;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod support;
