//! The story of Yunhe, a county that is made up.
