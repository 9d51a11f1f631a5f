//! Tests of the settler: single cases, and properties over random histories. Time is a number here; nothing sleeps.
