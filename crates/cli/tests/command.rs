//! The command as a user, a script and a pipeline meet it: the built binary, its arguments, its
//! exit codes and every byte it prints.

mod command {
    pub(crate) mod advice;
    mod advice_versions;
    mod applied;
    pub(crate) mod bench;
    mod cluster;
    mod compare;
    mod course;
    mod exit_codes;
    mod files;
    mod help;
    mod hostile;
    mod input;
    mod json;
    mod kubectl;
    mod newcomer;
    mod services;
    mod terminal;
}
