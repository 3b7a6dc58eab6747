//! The story of Longli: 四单.
