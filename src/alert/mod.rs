//! Alerts: pending, firing, resolved; every notification an outbox row before it is sent.
//!
//! Architecture invariant: this room never knows why an alert was raised.
