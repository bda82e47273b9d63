package whatsapp

import (
	"context"
	"fmt"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
)

// person finds phone and LID of the person at the other end of a message: from its addresses, and what these leave open
// from what WhatsApp has told before. A LID whose phone nobody knows stays without one: WhatsApp answers no such question.
func person(ctx context.Context, lids store.LIDStore, info *types.MessageInfo) (chat.Person, error) {
	p := chat.Person{Name: profileName(info)}
	addressed, alternate := other(info)
	for _, jid := range []types.JID{addressed, alternate} {
		switch {
		case isLID(jid) && p.LID == "":
			p.LID = chat.LID(jid.User)
		case isPhone(jid) && p.Phone == "":
			p.Phone = chat.WhatsAppPhone(jid.User)
		}
	}
	switch {
	case p.Phone == "" && p.LID != "":
		phone, err := lids.GetPNForLID(ctx, types.NewJID(string(p.LID), types.HiddenUserServer))
		if err != nil {
			return chat.Person{}, fmt.Errorf("look up the phone of a lid: %w", err)
		}
		if !phone.IsEmpty() {
			p.Phone = chat.WhatsAppPhone(phone.User)
		}
	case p.LID == "" && isPhone(addressed):
		lid, err := lids.GetLIDForPN(ctx, types.NewJID(addressed.User, types.DefaultUserServer))
		if err != nil {
			return chat.Person{}, fmt.Errorf("look up the lid of a phone: %w", err)
		}
		p.LID = chat.LID(lid.User)
	}
	return p, nil
}

// identityOf is who the number of a device is.
func identityOf(device *store.Device) identity {
	return identity{phone: device.GetJID().User, lid: device.GetLID().User}
}
