//! Commands on strings.

use fillbench::target::Layout;

use crate::judge::Both;

#[tokio::test]
async fn set_and_get_with_every_option() {
    let Some(mut both) = Both::start(Layout::Standalone, "set_and_get_with_every_option").await else {
        return;
    };
    both.agree(
        "
        get nothing
        set a 1
        get a
        set a 2 nx
        set b 2 xx
        set a 3 xx get
        set new 1 get
        set new 2 nx get
        pttl a
        set a 4 ex 0
        set a 4 ex -1
        set a 4 ex x
        set a 4 ex
        set a 4 nx xx
        set a 4 ex 10 px 10
        set a 4 keepttl ex 10
        set a 4 what
        set a
        set e '' pxat 99999999999999
        set e x keepttl
        strlen e
        getrange a 0 -1
        getrange a -100 100
        getrange a 5 3
        mset x 1 y 2
        mset x 1 y
        mget x y none
        exists x x none
        del x none
        dbsize
        flushall
        dbsize
        nosuchcommand with args
        ",
    );
}
