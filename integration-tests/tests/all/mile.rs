//! The story of Mile: 53522.
