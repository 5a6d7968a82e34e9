//! The words that users choose from, each once: the reader, the checks, the hash, the schema and the reference all take
//! them from here.

/// An enumeration whose variants are named as users write them.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $word:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $word,)+
        }

        impl $name {
            /// The words, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$(stringify!($word)),+];

            /// The word for it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$word => stringify!($word),)+
                }
            }

            /// What `word` stands for.
            pub fn of_word(word: &str) -> Option<Self> {
                [$(Self::$word),+].into_iter().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// What happens where the user has something else under the key of an addition (contract, "Conflicts").
    OnConflict {
        /// The request is denied.
        #[default]
        Reject,
        /// The user's entry stays, where that is safe.
        Keep,
        /// The addition replaces it.
        Override,
    }
}

words! {
    /// What happens when a change would restart a notebook that runs (contract, "Running notebooks").
    RunningNotebooks {
        /// The change waits until the notebook is stopped or started.
        #[default]
        Defer,
        /// The change is made, and the notebook restarts.
        Restart,
    }
}

/// How a bundle of certificates is mounted (contract, "Ready-made parts").
pub const BUNDLE_MOUNTS: &[&str] = &[FILES, DIRECTORY];

/// As a file wherever one is looked for: the default.
pub const FILES: &str = "Files";

/// As a directory, in which a container that runs sees a bundle change.
pub const DIRECTORY: &str = "Directory";
