//! The story of Fuqing: 邻聚里.
