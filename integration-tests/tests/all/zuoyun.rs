//! The story of Zuoyun: 五单、七步.
