"""What is said of new passwords and tasks that stay, or may. Pure."""

from __future__ import annotations

from moyai.planning.fleet.ways_back import stays, unknown
from moyai.texts import Text

IN_USE = stays(
    Text(
        "前のパスワードは失効していて、新しいパスワードを使い続けます",
        "the old passwords are void, and the new ones stay in use",
    )
)
UNUSED = stays(
    Text(
        "使われないまま保管されています。次の入替えでは、また新しいものを作ります",
        "they are kept beside, and nobody uses them; the next rotation makes others",
    )
)
UNUSED_IN_PART = unknown(
    Text(
        "使われない新しいパスワードが保管されているかもしれません",
        "some may be kept beside, and nobody uses them",
    )
)
BEGUN_ANEW = stays(
    Text(
        "新しいタスクが動いています。パスワードを戻すときは、もう一度入れ替わります",
        "new tasks run; where passwords go back, they are begun anew once more",
    )
)
BEGUN_ANEW_IN_PART = unknown(
    Text(
        "タスクが入れ替わったかもしれません。パスワードを戻すときは、もう一度入れ替わります",
        "tasks may have been begun anew; where passwords go back, they are once more",
    )
)
