//! The story of Qingzhou: 六事工作法.
